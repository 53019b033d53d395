# mornings-billed: answers each morning; long exchanges, or a cluster of even brief mails, are billed in steps of 15
# minutes, and the client is told beforehand. Appointments and touchpoints are never charged.

policy mornings-billed
client Carla

Mon 2015-11-23 21:10  client writes the first "Since Tuesday I sleep better."
                      gateway acks "It will be read and answered tomorrow, Tuesday, by 09:00"
                      the ack does not say "may be charged"
                      promise is an answer by Tue 09:00
Tue 07:20             therapist opens
Tue 07:40             therapist answers "Thank you for telling me."
                      promise is kept
                      ledger counts nothing
                      ledger charges nothing

# A long one. 4000 words take 16.8 minutes to read and 300 take 15.8 to write: 32.6, less 15 that are free, is two steps.
Wed 12:00             client writes 4000 words "It all began in spring."
                      gateway acks "It will be read and answered tomorrow, Thursday, by 09:00", "will be charged: A$45.00 for every 15 minutes"
Thu 07:10             therapist opens
                      ledger counts 16.8 minutes
                      ledger charges 45.00 AUD
Thu 07:50             therapist answers in 300 words "I have read all of it."
                      promise is kept
                      ledger counts 32.6 minutes
                      ledger charges 90.00 AUD

# An appointment is not charged; four brief ones within a day are, and the last of them says so.
Fri 10:00             client writes "Can we move our session to Friday?"
                      gateway acks "on Monday, November 30, by 09:00"
                      the ack does not say "charged"
Fri 10:30             client writes 40 words "One."
                      gateway acks "may be charged: 15 minutes are free", "4 or more messages within 24 hours are charged together, at least A$45.00"
Fri 11:00             client writes 40 words "Two."
                      gateway acks "may be charged"
Fri 11:30             client writes 40 words "Three."
                      gateway acks "may be charged"
Fri 12:00             client writes 40 words "Four."
                      gateway acks "will be charged"
Mon 08:31             gateway nudges "arrived on Friday, November 27, at 10:00"
                      therapist opens everything
                      ledger charges 135.00 AUD
Mon 08:45             therapist answers "All right."
                      promise is moot

# touchpoints: a short "still there?" and a long letter are both welcome. Reading is sure, an answer is not; the ack says
# when mail is next read, so that nobody has to keep checking. Touchpoints are never billed.

policy touchpoints
client Carla

Mon 2015-11-23 09:15  client writes the first "Still there?"
                      gateway acks "It will be read today, Monday, by 13:00", "Once it has been read, you will get a short note"
                      promise is reading by Mon 13:00
                      promise is none
Mon 12:40             therapist opens
                      gateway sends receipt "was read on Monday, November 23, at 12:40"
                      ledger counts nothing
                      ledger says "touchpoint"
Mon 19:30             client writes 300 words "It was a long day."
                      gateway acks "It will be read tomorrow, Tuesday, by 13:00"
Tue 12:45             therapist opens
                      gateway sends receipt "was read on Tuesday, November 24, at 12:45", "An answer by email is not promised"
                      ledger counts 1.3 minutes
                      ledger says "238 words a minute"
                      ledger counts nothing for the first
Fri 19:00             client writes "Just a line before the weekend."
                      gateway acks "It will be read on Monday, November 30, by 13:00"
                      ledger charges nothing

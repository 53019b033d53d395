# A practice begins to charge. Clients hear of it a week before; what they write until then costs nothing, whatever the
# file says and whenever it is read.

policy mornings-billed with:
    billing: {counts: nothing}
    change: {notice: 7d}
client Carla

Mon 2015-11-23 10:00  client writes the free 4000 words "It all began in spring."
                      gateway acks "read and answered tomorrow, Tuesday, by 09:00"
                      the ack does not say "may be charged", "will be charged"
Tue 07:10             therapist opens
                      therapist answers "I have read it."
                      ledger charges nothing
Tue 12:00             therapist changes the policy:
                          billing: {counts: read}
                          change: {notice: 7d}
Tue 12:15             gateway announces the change "Tuesday, December 1, at 12:00", "charged"
Wed 12:00             client writes the announced 4000 words "Then came summer."
                      gateway acks
                      the ack does not say "charged"
Thu 07:10             therapist answers "I have read it."
                      ledger counts nothing
Tue 2015-12-01 12:05  client writes the paid 4000 words "And autumn."
                      gateway acks "will be charged: A$45.00 for every 15 minutes"
Wed 07:10             therapist opens everything
                      ledger counts 16.8 minutes
                      ledger counts nothing for the announced
                      ledger counts nothing for the free
                      ledger charges 45.00 AUD

# clear-limits: five messages a week. Every ack says how many, with a word early on; the sixth is as welcome as the first.

policy clear-limits
client Carla
client Tom, allowed 2 messages

Mon 2015-11-23 10:00  Carla writes "One."
                      gateway acks "This is message 1 of 5 this week"
                      the ack does not say "this week, so"
Tue 10:00             Carla writes "Two."
                      gateway acks "This is message 2 of 5 this week"
Wed 10:00             Carla writes "Three."
                      gateway acks "This is message 3 of 5 this week, so 2 are left"
Thu 10:00             Carla writes "Four."
                      gateway acks "This is message 4 of 5 this week, so 1 is left"
Fri 10:00             Carla writes "Five."
                      gateway acks "This is message 5 of 5 this week, so none is left", "nothing will be lost"
Sat 10:00             Carla writes "Six."
                      gateway acks "This is message 6 this week; we agreed on 5. That is all right: nothing is lost"
Sat 11:00             Tom writes "Only one."
                      gateway acks Tom "This is message 1 of 2 this week"
Sun 23:59             Carla writes "Seven, a minute before midnight."
                      gateway acks "This is message 7 this week"
Mon 00:00             Carla writes "A new week."
                      gateway acks "This is message 1 of 5 this week"
                      ledger charges nothing

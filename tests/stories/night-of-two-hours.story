# On the night of 24 October 2015 clocks in Berlin are put back from 03:00 to 02:00: 02:30 comes twice, and the day has 25
# hours. A promise within a day is a day of 24 hours; what is promised by the clock on the wall is by that clock.

policy open-door
client Carla
client Tom, policy mornings-billed

Sat 2015-10-24 23:00  Carla writes the first "Half past eleven at night, and awake."
                      gateway acks "You will have an answer tomorrow, Sunday, by 22:00"
                      promise is an answer by Sun 22:00
Sun 02:30             Carla writes the second "It is half past two."
                      gateway acks
Sun 02:30 again       Carla writes the third "And now it is half past two again."
                      gateway acks
Sun 10:00             therapist answers the third "That was a long night."
                      promise of the first is kept
                      promise of the third is moot
Sun 12:00             Tom writes "The clock in the kitchen is wrong."
                      gateway acks "read and answered tomorrow, Monday, by 09:00"
                      promise is an answer by Mon 09:00
Mon 08:31             gateway nudges "tom"
Mon 08:59             therapist answers "So is mine."
                      promise is kept

# twice-daily: mail is read at two set times a day, and some may not be reached. The ack says when; no answer is promised.
# The rule is in writing from the first contact on.

policy twice-daily
client Carla

Mon 2015-11-23 10:00  client writes "I slept through the night."
                      gateway acks "It will be read today, Monday, by 17:00", "An answer by email is not promised"
                      the ack says "This is your first message, so this is how email works here", "08:30", "17:00"
                      promise is reading by Mon 17:00
                      promise is none
Mon 17:05             therapist opens
                      gateway sends nothing
Tue 18:30             client writes "One more thing."
                      gateway acks "It will be read tomorrow, Wednesday, by 08:30"
                      the ack does not say "how email works here"
Fri 22:00             client writes "It is the weekend and I can't sleep."
                      gateway acks "It will be read on Monday, November 30, by 08:30"
Mon 09:00             ledger counts nothing

# Christmas Day and the day after it are public holidays, and then comes a Sunday.
Thu 2015-12-24 18:00  client writes "A quiet evening to you."
                      gateway acks "It will be read on Monday, December 28, by 08:30"

# A client who writes five times in one evening: each message arrives, acks in one thread stop after two, and the promise
# of the first stands for all.

policy open-door
client Carla

Mon 2015-11-23 20:00  client writes the first "I have thought about it all day."
                      gateway acks "tomorrow, Tuesday, by 20:00"
Mon 20:10             client follows up "And about what you said."
                      gateway acks "tomorrow, Tuesday, by 20:00"
                      the ack does not say "how email works here"
Mon 20:20             client follows up "It was the tone, I think."
                      gateway sends nothing
Mon 20:30             client follows up "Never mind."
                      gateway sends nothing
Mon 20:40             client writes the fifth "Something else: the landlord called."
                      gateway acks "tomorrow, Tuesday, by 20:00"
                      promise is moot
                      promise of the first is open
Tue 18:01             gateway nudges "arrived on Monday, November 23, at 20:00"
Tue 19:00             therapist answers the fifth "Let us sort this out on Thursday."
                      promise of the first is kept
Tue 21:00             client writes back "Yes."
                      gateway acks "tomorrow, Wednesday, by 21:00"
Tue 21:30             therapist answers "Good."
                      promise is kept

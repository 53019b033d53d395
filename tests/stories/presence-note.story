# A presence note is carried while it holds, dated, and never beside words of a crisis; the therapist can take it back.

policy seen-is-enough
client Carla

Mon 2015-11-23 09:00  therapist leaves the note "Hold on to the railing."
                      gateway confirms the note "until Monday, December 7", "To take it back, send the one word STOP"
Mon 10:00             client writes "Hello."
                      gateway acks "left for everyone on Monday, November 23. They don't answer this message", "Hold on to the railing."
Tue 11:00             therapist takes the note back
                      gateway confirms the note
Tue 12:00             client writes "Hello again."
                      gateway acks
                      the ack does not say "railing"
Wed 09:00             therapist leaves the note "The bench is still there."
                      gateway confirms the note
Wed 14:00             client writes "I want to kill myself."
                      gateway alerts
                      gateway acks
                      the ack does not say "bench"
Thu 14:00             client writes "I am with my sister."
                      gateway acks "The bench is still there."
Wed 2015-12-09 10:00  client writes "Two weeks later."
                      gateway acks
                      the ack does not say "bench"

# An absence with cover: acks say until when and who covers; what is urgent meanwhile is told to both.

policy urgent-only
client Carla, agreed word harbour
cover Ben, phone +49 30 5550 177
away 2015-12-21 until 2016-01-03, Ben covers

Fri 2015-12-18 10:00  client writes "Have a good break."
                      gateway acks "from December 21, 2015 to January 3, 2016; Ben covers"
                      the ack does not say "up to and including"
Mon 2015-12-21 10:00  client writes "Nothing that can't wait."
                      gateway acks "Your therapist is away, up to and including Sunday, January 3", "Ben", "+49 30 5550 177"
                      gateway does not tag it
Thu 2015-12-31 22:00  client writes "Harbour. I can't bear the fireworks."
                      gateway alerts "carla"
                      gateway tells Ben "carla"
                      gateway acks "Ben", "+49 30 5550 177"
                      gateway tags it urgent
Mon 2016-01-04 09:00  therapist opens everything
                      gateway sends nothing
Mon 09:10             therapist answers "I am back. How was the night?"
Mon 12:00             client writes "Better than I feared."
                      gateway acks
                      the ack does not say "Ben", "away"

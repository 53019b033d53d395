# always-replies: always answers, never charges, and says no time for it. What is not answered yet stands in the digest of
# each morning until it is.

policy always-replies
client Carla

Mon 2015-11-23 10:00  client writes the first "I passed the exam!"
                      gateway acks "You will have an answer; no time is set for it"
                      promise is open
Tue 07:35             gateway sends a digest "carla", "arrived on Monday, November 23, at 10:00; not read yet"
Tue 09:00             therapist opens
                      gateway sends nothing
Wed 07:35             gateway sends a digest "arrived on Monday, November 23, at 10:00", "Friday, December 25: Christmas Day"
                      the digest does not say "not read yet"
Wed 12:00             therapist answers "That is wonderful."
                      promise is kept
Thu 07:35             gateway sends nothing
Sat 23:00             client writes "It is all a bit much."
                      gateway acks "You will have an answer"
Sun 07:35             gateway sends a digest "arrived on Saturday, November 28, at 23:00"
Sun 09:00             therapist answers "What is the worst of it?"
                      promise is kept
                      ledger charges nothing

# before-session: as many mails as wanted; all are read before the next session, often answered, never charged.
# The therapist gets what a client wrote and is open two hours before that client's session.

policy before-session
client Carla, sessions thu 15:00-15:50
client Tom

Thu 2015-11-26 18:00  Carla writes the first "I could not say it today, so I write it."
                      gateway acks "It will be read before your next session on Thursday, December 3", "An answer by email is not promised"
                      promise is reading by Thu 15:00
Sun 02:30             Carla writes the second "Awake again."
                      gateway acks "before your next session on Thursday, December 3"
Tue 09:00             therapist opens the first
Tue 09:10             therapist answers the first "Bring it on Thursday."
                      gateway sends nothing

# Whose next session nobody knows is not promised one.
Wed 10:00             Tom writes "Nobody knows when I come next."
                      gateway acks "An answer by email is not promised"
                      the ack does not say "It will be read before"
Thu 13:05             gateway sends a digest "before your session on Thursday, December 3, at 15:00", "carla", "arrived on Sunday, November 29, at 02:30; not read yet"
                      the digest does not say "tom"
                      the digest does not say "November 26"
Thu 14:30             therapist opens the second
                      ledger charges nothing

# A session without anything open needs no digest.
Thu 2015-12-10 14:00  gateway sends nothing

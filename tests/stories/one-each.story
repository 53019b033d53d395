# one-each: between two sessions the therapist writes once, and the client may answer once, briefly. More is kept for the
# session, and is delivered all the same. What the client writes goes into the file.

policy one-each
client Carla, sessions thu 15:00-15:50

Thu 2015-11-26 19:00  client writes the first "What stays with me is the word home."
                      gateway acks "This is message 1 of 1 since your last session, so none is left", "nothing will be lost"
                      the ack says "file"
Fri 09:00             client writes the second "And there is more."
                      gateway acks "This is message 2 since your last session; we agreed on 1. That is all right: nothing is lost, and this one is kept for your next session"
Fri 18:00             therapist opens everything
                      gateway sends nothing

# The therapist's one message is due two days after the session.
Sat 16:00             gateway reminds "Your session with Carla ended on Thursday, November 26, at 15:50"
                      gateway puts a draft "Hello Carla", "after our session on Thursday, November 26"
Sun 10:00             therapist answers the first "Let us begin with that word."
Sun 11:00             client writes back "Yes."
                      gateway acks "This is message 3 since your last session; we agreed on 1"

# A new gap between sessions, and this time the therapist does not have to be reminded.
Thu 18:00             client writes "After this session it is calmer."
                      gateway acks "This is message 1 of 1 since your last session"
Fri 12:00             therapist answers "That is good to read."
Sun 12:00             gateway sends nothing
                      ledger charges nothing

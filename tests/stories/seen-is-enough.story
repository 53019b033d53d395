# seen-is-enough: what matters may go unanswered until the next session; the client only needs to know that it was seen.
# Before a break the therapist leaves a few words to hold on to.

policy seen-is-enough
client Carla, sessions thu 15:00-15:50
client Tom
away 2015-12-21 until 2016-01-03

Mon 2015-12-14 20:05  Carla writes "I went to the concert after all."
                      gateway acks "An answer by email is not promised", "taken up in your next session on Thursday, December 17"
                      promise is none
Tue 08:30             therapist opens
                      gateway sends nothing
Tue 12:00             Carla writes "This one matters to me: he has written again.", marks it important
                      gateway acks "taken up in your next session on Thursday, December 17"
Tue 18:00             therapist opens
                      gateway sends receipt "arrived on Tuesday, December 15, at 12:00 was read on Tuesday, December 15, at 18:00", "next session on Thursday, December 17"

# Looking, and marking it unread within two minutes, is no reading; asking for a receipt is as good as marking.
Wed 09:00             Tom writes "The dream came back.", asks for a receipt
                      gateway acks "taken up in your next session."
Wed 10:00             therapist opens
                      therapist marks it unread
                      gateway sends nothing
Wed 19:00             therapist opens
                      gateway sends receipt to Tom "was read on Wednesday, December 16, at 19:00"

# The break. The note is dated, and no answer to anything.
Fri 18:00             therapist leaves the note "I think of the bench by the lake, and I will be there again in January. Ana" until 2016-01-04
                      gateway confirms the note "until the end of Monday, January 4", "the bench by the lake"
Thu 2015-12-24 23:10  Carla writes "It is loud here and I am alone in the kitchen."
                      gateway acks "Your therapist is away, up to and including Sunday, January 3", "left for everyone on Friday, December 18. They don't answer this message", "the bench by the lake", "next session on Thursday, January 7"
Tue 2016-01-05 09:00  Carla writes "Back at work."
                      gateway acks "next session on Thursday, January 7"
                      the ack does not say "bench", "away"
                      ledger charges nothing

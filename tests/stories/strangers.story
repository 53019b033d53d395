# Somebody on no roster, and not verified, learns from an ack that the message arrived and nothing of a relation; the
# therapist sees them like anybody else. A client with a policy of their own, and one far away, are told theirs.

policy always-replies
client Carla, zone America/New_York
client Mia, policy brief-reply
client Sam, quiet
stranger Tom

Mon 2015-11-23 10:00  Tom writes "Do you have a place for new people?"
                      gateway acks "arrived"
                      the ack does not say "therap", "client", "session", "ractice", "how email works"
Mon 10:30             Mia writes "A word from the train."
                      gateway acks "about 80 words at most"
Mon 11:00             Carla writes "Good morning from over here.", asks for a receipt
                      gateway acks "You will have an answer"
Mon 11:30             therapist opens
                      gateway sends receipt "arrived on Monday, November 23, at 05:00 (Eastern Standard Time)"

# Nothing automatic is ever sent to whom it might harm; what they write is open like everything else.
Mon 12:00             Sam writes "Nobody must know that I write.", asks for a receipt
                      therapist opens
                      gateway sends nothing
                      promise is open
Tue 07:35             gateway sends a digest "tom", "carla", "sam"
                      the digest does not say "mia"

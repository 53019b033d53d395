# brief-reply: a brief answer by email, the rest in the next session; no charge. The therapist can see where an answer
# grew longer.

policy brief-reply
client Carla, sessions thu 15:00-15:50

Mon 2015-11-23 10:00  client writes "He called again and I did not pick up."
                      gateway acks "You will have an answer; no time is set for it", "brief, about 80 words at most; the rest is taken up in your next session"
                      promise is open
Mon 20:00             therapist opens
                      gateway sends nothing
Mon 20:10             therapist answers "Well done. More on Thursday."
                      promise is kept
                      ledger says "5 words written"
Fri 20:00             client writes "It went well."
                      gateway acks "An answer by email is brief"
Sat 20:10             therapist answers in 200 words "So much to say."
                      promise is kept
                      ledger says "200 words written"
                      ledger counts nothing
                      ledger charges nothing

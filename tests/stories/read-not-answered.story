# read-not-answered: mail is read but never answered. The receipt says so, and that it is taken up in the next session.

policy read-not-answered
client Carla, sessions thu 15:00-15:50

Mon 2015-11-23 10:00  client writes "Here is the chapter that I promised."
                      gateway acks "There will be no answer by email", "taken up in your next session on Thursday, November 26", "Once it has been read, you will get a short note"
                      promise is none
Mon 20:00             therapist opens
                      gateway sends receipt "was read on Monday, November 23, at 20:00", "There will be no answer by email. It will be taken up in your next session on Thursday, November 26"
Sat 22:00             client writes the second "And another one.", asks for a receipt
                      gateway acks "next session on Thursday, December 3"
Sun 11:00             therapist opens
                      gateway sends receipt "There will be no answer by email"
                      gateway does not tag it
                      ledger charges nothing

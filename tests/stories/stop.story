# STOP: a client who wants no more acks says so by answering one. Their mail is delivered, and marked, as before; a
# receipt that they ask for still comes.

policy no-crisis-by-email
client Carla

Mon 2015-11-23 10:00  client writes "A first word."
                      gateway acks "answer with the one word STOP"
Mon 10:05             client answers the ack "STOP"
                      gateway sends nothing
Tue 10:00             client writes "A second word."
                      gateway sends nothing
Wed 10:00             client writes "Tell me when you have read it.", asks for a receipt
                      gateway sends nothing
Wed 12:00             therapist opens
                      gateway sends receipt "was read on Wednesday, November 25, at 12:00"
Thu 22:00             client writes "I want to kill myself."
                      gateway alerts "crisis"
                      gateway tags it urgent

# A machine that answers in their name gets nothing and promises nothing.
Fri 10:00             client writes "I am out of the office.", by a machine
                      gateway sends nothing

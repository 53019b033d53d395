# when-able: answers when able; no promise and no strictness. An ack only outside the hours at the desk, or on request.

policy when-able
client Carla

Mon 2015-11-23 10:00  client writes "A thought from the train."
                      gateway acks "An answer by email is not promised", "how email works here"
                      promise is none
Mon 14:00             client writes "And another."
                      gateway sends nothing
Mon 22:00             client writes "And one from the night."
                      gateway acks "It will be read tomorrow, Tuesday, by 17:00"
                      the ack does not say "how email works here"
Tue 11:00             client writes "I need to know that you have this, please confirm."
                      gateway acks "Your message has arrived"
Tue 11:30             client writes "Tell me once you have read it.", asks for a receipt
                      gateway acks
Tue 15:00             therapist opens
                      gateway sends receipt "was read on Tuesday, November 24, at 15:00"

# Distress is never met with silence, whatever the hour.
Wed 11:00             client writes "I can't go on like this."
                      gateway acks "TelefonSeelsorge 0800 111 0 111"
                      gateway tags it urgent
Wed 16:00             therapist opens
Fri 12:00             therapist answers "I am glad that you wrote."
                      gateway sends nothing
                      ledger charges nothing

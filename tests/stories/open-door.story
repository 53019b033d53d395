# open-door: email any time, as much as needed, and an answer within a day. Nothing is charged.
# A word agreed on with a client makes a message urgent; the therapist hears of it at once.

policy open-door
client Carla, agreed word bluebird
client Tom

Mon 2015-11-23 21:10  Carla writes the first "Since Tuesday I sleep better, and I would like to tell you about it."
                      gateway acks "You will have an answer tomorrow, Tuesday, by 21:10", "how email works here"
                      gateway does not tag it
                      promise is an answer by Tue 21:10
                      promise is open
Tue 07:40             therapist opens
                      gateway sends nothing
Tue 08:05             therapist answers "Thank you for telling me. Keep that moment for Thursday."
                      promise is kept
                      ledger counts nothing

# The word of one client is no word of another's.
Fri 16:00             Tom writes "There was a bluebird at the window."
                      gateway acks "You will have an answer tomorrow, Saturday, by 16:00"
                      gateway does not tag it
Fri 16:20             therapist answers "How was that?"

# A Saturday night is as good as any other time.
Sat 23:30             Carla writes "Bluebird. I am at the station and I don't know whether to get on the train."
                      gateway alerts "carla", "urgent", "Please open your mailbox and read it there"
                      the alert does not say "station"
                      gateway acks "You will have an answer tomorrow, Sunday, by 23:30"
                      the ack does not say "how email works here"
                      gateway tags it urgent
                      promise is an answer by Sun 23:30
Sun 00:10             therapist opens
Sun 18:01             gateway nudges "An answer was promised today, Sunday, by 23:30, and none has been found yet"
Sun 22:40             therapist answers "I have thought of you all day. Call me tomorrow at nine."
                      promise is kept

# An answer that does not come breaks the promise. The therapist was told in time, and not at night: two hours before
# 09:30 are half an hour of the evening before, and the time from eight o'clock on.
Mon 09:30             Carla writes "You said nine."
                      gateway acks "tomorrow, Tuesday, by 09:30"
Mon 19:31             gateway nudges "An answer was promised tomorrow, Tuesday, by 09:30"
Tue 09:31             promise is broken
Tue 10:00             therapist answers "I am sorry, I overslept."
                      promise is broken
                      ledger charges nothing

# open-door: email any time, as much as needed, and an answer within a day.
# A word agreed on with a client makes a message urgent.

policy open-door
client Carla, agreed word bluebird

Mon 2026-11-23 21:10  client writes "Since Tuesday I sleep better, and I would like to tell you about it."
                      gateway acks
                      gateway does not tag it
                      promise is an answer by Tue 21:10
Tue 07:40             therapist opens
                      gateway sends nothing
Tue 08:05             therapist answers "Thank you for telling me. Keep that moment for Thursday."
                      promise is kept
                      ledger counts nothing

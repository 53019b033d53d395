# urgent-only: contact outside sessions is for what is urgent. Some clients have never misused it: each message of theirs
# counts as urgent. The others are asked to say so if it can't wait.

policy urgent-only
client Carla, trusted
client Tom, sessions tue 10:00-10:50

Wed 2015-11-25 19:40  Carla writes "The letter from the court came today."
                      gateway alerts "carla", "It counts as urgent"
                      gateway acks "You will have an answer; no time is set for it"
                      the ack does not say "write back with the word"
                      gateway tags it urgent
                      promise is open
Wed 20:10             therapist answers "Bring it tomorrow. You are not alone with it."
                      promise is kept
Thu 10:00             Tom writes "I thought about what you said about my father."
                      gateway acks "There will be no answer by email", "taken up in your next session on Tuesday, December 1", "If this can't wait, please write back with the word “urgent”"
                      gateway does not tag it
                      promise is none
Fri 09:00             therapist opens
                      gateway sends nothing

# He says so, on a Saturday night, by answering the ack.
Sat 21:00             Tom answers the ack "It is urgent: I have to decide about the flat by Monday."
                      gateway alerts "tom"
                      gateway acks "You will have an answer"
                      the ack does not say "There will be no answer by email"
                      gateway tags it urgent
Sun 10:00             therapist answers "Take the week. Ask them for it in writing."
                      promise is kept

# Saying that it is not urgent is not saying that it is.
Sun 12:00             Tom writes "This is not urgent, only a thank you."
                      gateway acks "There will be no answer by email"
                      gateway does not tag it

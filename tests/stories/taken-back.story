# Taking back: a client who regrets a message answers its confirmation with one word. While it is unread it is moved out
# of the inbox; in every case they are told which of the two happened, once. What is taken back is owed nothing.

policy open-door with:
  withdraw: unread
  allowance: {messages: 2, per: week}
client Carla
client Klaus, writes de
stranger Tom

Mon 2015-11-23 21:00  Carla writes the first "I hate my brother, and my mother knew it all along."
                      gateway acks "answer with the one word WITHDRAW: while it is unread, it is then moved out of the inbox", "message 1 of 2 this week"
                      promise of the first is open
Mon 21:10             Carla answers the ack "WITHDRAW"
                      gateway sends word to Carla "arrived on Monday, November 23, at 21:00 was still unread", "has not been deleted"
                      the first lies in Withdrawn
                      it lies in Withdrawn
                      promise of the first is moot
                      promise is none
# No reminder of it comes, nor does it count for anything.
Tue 22:00             Carla writes the second "My brother called."
                      gateway acks "message 1 of 2 this week"
Wed 08:00             therapist opens the second
Wed 08:30             Carla answers the ack "Withdraw, please."
                      gateway sends word to Carla "is marked as read already, so it stays where it is"
                      the second lies in the inbox
                      it lies in the inbox
Wed 09:00             therapist answers the second "Come on Thursday."
                      promise of the second is kept

# In a crisis nothing offers it, and nothing is taken back.
Thu 22:00             Carla writes the third "I want to kill myself."
                      gateway alerts "crisis"
                      gateway acks
                      the ack does not say "WITHDRAW"
                      gateway tags it urgent
Thu 22:05             Carla answers the ack "WITHDRAW"
                      gateway sends word to Carla "stays where it is: a message in which words of a crisis are found is not taken back"
                      the word begins with "If you or someone else is in danger, please call now"
                      the third lies in the inbox
Fri 09:00             therapist answers the third "I am calling you."

# Each in their own language; a stranger's is heard as well.
Fri 20:00             Klaus writes the german "Das war alles ganz anders."
                      gateway acks "antworten Sie mit dem einen Wort ZURÜCKZIEHEN"
Fri 20:05             Klaus answers the ack "Zurückziehen"
                      gateway sends word to Klaus "war noch ungelesen"
                      the german lies in Withdrawn
Fri 21:00             Tom writes the letter "Do you have a free place?"
                      gateway acks "WITHDRAW"
Fri 21:10             Tom answers the ack "RITIRARE"
                      gateway sends word to Tom "was still unread"
                      the word does not say "Hope Street"
                      the letter lies in Withdrawn

# What is not in the inbox any more can't be taken out of it. More than the word is a message like any other.
Sat 10:00             Klaus writes the other "Noch etwas."
                      gateway acks
Sat 11:00             therapist deletes the other
Sat 11:30             Klaus answers the ack "ZURÜCKZIEHEN"
                      gateway sends word to Klaus "liegt nicht mehr im Posteingang"
Sun 10:00             Klaus writes the last "Ich komme am Montag."
                      gateway nudges "arrived on Saturday, November 28, at 10:00"
                      gateway acks
Sun 10:05             Klaus answers the ack "Zurückziehen? Nein, lesen Sie es doch."
                      gateway acks
                      the last lies in the inbox
                      it lies in the inbox

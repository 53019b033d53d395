# phone-in-crisis: reads mail, promises no answer, insists on the phone in a crisis. Words of a crisis get an ack that
# begins with the number, and the lines of the country that the client lives in; nothing says that mail is watched.

policy phone-in-crisis
client Carla
client Sam, lives in AT, writes de

Mon 2015-11-23 10:00  Carla writes "A quiet week."
                      gateway acks "An answer by email is not promised", "Email is not read around the clock"
                      the ack begins with "Thank you for writing."
                      promise is none
Mon 23:50             Carla writes "I want to kill myself tonight."
                      gateway alerts "carla", "Words found: crisis", "Please open your mailbox"
                      the alert does not say "kill"
                      gateway acks
                      the ack begins with "If you or someone else is in danger, please call now: +49 30 5550 120 or TelefonSeelsorge 0800 111 0 111."
                      the ack says "Please don't wait for an answer to this email"
                      the ack does not say "alert", "monitored", "soon"
                      gateway tags it urgent
Tue 08:00             therapist opens
                      gateway sends nothing
Tue 09:00             Sam writes "Ich bringe mich heute um."
                      gateway alerts "sam"
                      gateway acks
                      the ack begins with "Wenn Sie oder jemand anderes in Gefahr ist, rufen Sie bitte jetzt an: +49 30 5550 120 oder Telefonseelsorge 142."
                      the ack says "E-Mails"
                      the ack does not say "0800 111"
                      gateway tags it urgent

# Distress is no crisis: it is marked, and nobody is woken.
Tue 22:00             Carla writes "I feel hopeless."
                      gateway acks
                      gateway tags it urgent
                      ledger charges nothing

# no-crisis-by-email: email is encouraged, but never for a crisis; every text says so first. Such a mail is delivered
# all the same, before anything else is done.

policy no-crisis-by-email
client Carla
cover Ben

Mon 2015-11-23 10:00  client writes "A quiet week."
                      gateway acks "how email works here"
                      the ack begins with "In a crisis, please never email: call +49 30 5550 120 or TelefonSeelsorge 0800 111 0 111."
                      promise is none
Fri 23:50             client writes "I want to kill myself tonight."
                      gateway alerts "Words found: crisis"
                      gateway acks "Email is never the way in a crisis"
                      the ack begins with "If you or someone else is in danger, please call now: +49 30 5550 120"
                      gateway tags it urgent
Sat 08:00             therapist opens
                      gateway sends nothing
Sat 18:00             client writes "I am with my sister now. Thank you for the number."
                      gateway acks
                      the ack begins with "In a crisis, please never email"
                      ledger charges nothing

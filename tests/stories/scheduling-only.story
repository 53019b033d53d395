# scheduling-only: email is for scheduling, and nothing else is answered. When that changes, clients hear of it two weeks
# before, and until then the old rule holds.

policy scheduling-only
client Carla

Mon 2015-11-23 09:00  client writes "Could we move our session on Thursday to another time?"
                      gateway acks "You will have an answer; no time is set for it", "messages about appointments, and these are answered"
                      gateway tags it scheduling
                      promise is open
Mon 17:10             therapist answers "Friday at ten is free."
                      promise is kept
Tue 20:00             client writes "I had a bad dream about the house and I would like to tell you about it."
                      gateway acks "There will be no answer by email. By email, only messages about appointments are answered."
                      gateway does not tag it
                      promise is none
Wed 08:40             therapist opens
                      gateway sends nothing

# The rule is to become wider. A slip of the pen that is put right within ten minutes is told to nobody.
Thu 09:00             therapist changes the policy:
                          answer: {when: never, only: []}
Thu 09:04             therapist changes the policy:
                          answer: {when: always, only: [], promise: within 48h}
Thu 09:20             gateway announces the change "December 10", "Until then, everything stays as it is"
                      the notice says "Until then: Yes, to these: messages about appointments", "From then on: Yes", "within 2 days"
                      the notice does not say "never"
Thu 20:00             client writes "So I may write about other things?"
                      gateway acks "There will be no answer by email"
                      promise is none
Thu 2015-12-10 09:30  client writes "And from today on?"
                      gateway acks "You will have an answer on Saturday, December 12, by 09:30"
                      promise is an answer by Sat 09:30
Fri 10:00             therapist answers "Yes, from today on."
                      promise is kept

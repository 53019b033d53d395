# The year ends: public holidays close the mail, an absence follows them, and a week counts across the year.

policy mornings-billed with:
    hours: {vacations: closed}
    allowance: {messages: 3, per: week, warn_at: 1}
    billing: {rate: 60.00 EUR}
client Carla
away 2015-12-28 until 2016-01-03

# Christmas Day is a Friday; then come a Saturday, a Sunday and a week away. Monday the 4th is the next working day.
Wed 2015-12-23 10:00  client writes "One more before the holidays, about a rather long walk that I took."
                      gateway acks "read and answered tomorrow, Thursday, by 09:00"
Thu 07:05             therapist answers "Have a good rest."
                      promise is kept
Thu 12:00             client writes "You too."
                      gateway acks "read and answered on Monday, January 4, by 09:00"
                      the ack does not say "Your therapist is away"
                      promise is an answer by Mon 2016-01-04 09:00
Mon 12:00             client writes the second "It is quiet here."
                      gateway acks "on Monday, January 4, by 09:00", "Your therapist is away, up to and including Sunday, January 3", "This is message 1 of 3 this week"
Thu 23:59             client writes "The year is over in a minute."
                      gateway acks "message 2 of 3 this week"
Fri 00:00             client writes "And now it is."
                      gateway acks "message 3 of 3 this week, so none is left"
Mon 2016-01-04 07:30  therapist answers "Happy new year."
                      promise is moot
                      ledger charges nothing

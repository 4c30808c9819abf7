"""A robot that sums up the bank statement of a loan's applicant."""

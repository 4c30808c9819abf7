"""A loan: application form, currency conversion, approval above a limit, contract, outcome."""

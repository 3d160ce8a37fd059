-- Alerts may require a probability, from 0 to 1, with which a threshold is met; NULL compares the predicted value.
ALTER TABLE alerts ADD COLUMN probability REAL;

-- Moves whenever rows are taken out of listener. A writer remembers pairs it has seen there and leaves them out of
-- its inserts; it reads this row in its transaction, and what it remembers of an earlier generation is void.
CREATE TABLE listener_generation (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation bigint NOT NULL
);
INSERT INTO listener_generation (generation) VALUES (0);

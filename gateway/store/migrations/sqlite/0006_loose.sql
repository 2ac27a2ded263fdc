-- What is about no child: few, and totals leave them out.
CREATE INDEX record_loose ON record (child, rec) WHERE child IS NULL;

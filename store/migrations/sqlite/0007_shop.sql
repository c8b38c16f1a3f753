-- +goose Up
-- Columns by which policies part rows: the shop of orders and quotes, the carrier
-- of delivery notes, the supplier's fiscal number. Copies that were read before are
-- read again, since their layout has changed.
ALTER TABLE copy_rows ADD COLUMN supplier_tax_id TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_rows ADD COLUMN carrier TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_rows ADD COLUMN shop TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_rows ADD COLUMN fold_supplier_tax_id TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_rows ADD COLUMN fold_carrier TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_rows ADD COLUMN fold_shop TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE copy_rows DROP COLUMN fold_shop;
ALTER TABLE copy_rows DROP COLUMN fold_carrier;
ALTER TABLE copy_rows DROP COLUMN fold_supplier_tax_id;
ALTER TABLE copy_rows DROP COLUMN shop;
ALTER TABLE copy_rows DROP COLUMN carrier;
ALTER TABLE copy_rows DROP COLUMN supplier_tax_id;

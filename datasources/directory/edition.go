package directory

// Edition is a number that is another one whenever what the directory answers may have
// changed since: customers, their records, what is known and decided of them, how
// their sources are doing. It says nothing to another instance.
//
// Nobody tells when a copy begins to be late, so that this is looked at here.
func (d *Directory) Edition() uint64 { return d.edition.Load() ^ d.lateness() }

// show lets a snapshot answer from now on.
func (d *Directory) show(s *snapshot) {
	d.snapshot.Store(s)
	d.edition.Add(1)
}

// setState says how a source is doing. That it was read again and is as it was is no
// news: or every reading would make all answers old.
func (d *Directory) setState(src int32, st *sourceState) {
	was := d.states[src].Swap(st)
	if was == nil || was.err != nil || st.err != nil || was.asOf.IsZero() != st.asOf.IsZero() {
		d.edition.Add(1)
	}
}

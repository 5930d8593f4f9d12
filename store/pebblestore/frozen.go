package pebblestore

func (s *Store) closeFrozen() error { return nil }

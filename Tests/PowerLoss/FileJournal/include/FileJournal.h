// Nothing is called by name: the library is put under a program by LD_PRELOAD. See FileJournal.c.

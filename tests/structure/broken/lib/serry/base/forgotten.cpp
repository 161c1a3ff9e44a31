// in no list

int    badly ( ) ;

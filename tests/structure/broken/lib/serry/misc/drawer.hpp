// in a folder that is no layer

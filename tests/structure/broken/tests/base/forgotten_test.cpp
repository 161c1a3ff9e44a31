// named nowhere

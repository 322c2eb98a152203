"""What lies between a picture and a network's numbers, whatever runs the network."""

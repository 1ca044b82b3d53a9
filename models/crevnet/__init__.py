"""CrevNet: an autoencoder that loses nothing, and a recurrent predictor between its halves."""

"""From a plan to an estimate: the chain from parameters and tokens to time, money, energy, carbon and water."""

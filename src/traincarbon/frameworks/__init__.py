"""Callbacks for the frameworks that people train with: Hugging Face, Accelerate, Lightning, Keras and Ray."""

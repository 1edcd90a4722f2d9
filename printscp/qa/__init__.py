"""Film quality assurance: pages one can prove (PS3.14)."""

"""imagegate inside other people's pipelines: scikit-learn and Ray."""

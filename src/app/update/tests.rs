//! Tables over update: every key and answer, and what must not happen.

//! Other tokens than SoftHSM2: what each is found able to do, and that it is held to what it must do.

mod kryoptic;

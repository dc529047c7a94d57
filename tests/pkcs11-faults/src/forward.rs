//! The C side: one function for each of PKCS#11 2.40, all alike, before the real module's.

mod lie;
mod table;

use std::ffi::OsString;
use std::sync::OnceLock;

use cryptoki_sys::{
    CK_BBOOL, CK_C_GetFunctionList, CK_C_INITIALIZE_ARGS, CK_FUNCTION_LIST, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_TRUE,
    CK_ULONG, CKF_OS_LOCKING_OK, CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED, CKR_GENERAL_ERROR, CKR_OK,
    CKR_SESSION_COUNT, CKR_TOKEN_NOT_PRESENT,
};
use libloading::Library;

use crate::rule::Action;
use crate::state::{Barred, Order};
use crate::{STATE, complain, socket};

pub(crate) use table::Function;

/// The real module's functions; `Err` says why there are none.
static REAL: OnceLock<Result<Real, String>> = OnceLock::new();

struct Real {
    functions: &'static CK_FUNCTION_LIST,
}

/// What a call is about.
#[derive(Clone, Copy)]
enum Subject {
    /// The module itself.
    Module,
    /// The list of slots, of those only that have a token or of all; how many there are goes there.
    Slots(CK_BBOOL, *mut CK_ULONG),
    Slot,
    Session(CK_SESSION_HANDLE),
    /// A session that is made; its handle goes there.
    Opening(CK_SLOT_ID, *mut CK_SESSION_HANDLE),
    Closing(CK_SESSION_HANDLE),
    ClosingAll(CK_SLOT_ID),
    /// The end of everything.
    Finalizing,
}

/// The entrance. Loads the real module, runs the script and opens the socket, the first time.
///
/// # Safety
/// As PKCS#11 §5.4 has it: `list` is null or may be written to.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    if let Err(reason) = REAL.get_or_init(start) {
        complain(reason);
        return CKR_GENERAL_ERROR;
    }
    // SAFETY: it is not null, and the caller lets it be written to. Nobody writes to a function list (§3.6): it is const in all
    // but its C type.
    unsafe { *list = (&raw const table::LIST).cast_mut() };
    CKR_OK
}

fn start() -> Result<Real, String> {
    let path = std::env::var_os("PKCS11_FAULTS_MODULE").ok_or("PKCS11_FAULTS_MODULE must name the real PKCS#11 module")?;
    let functions = load(&path).map_err(|reason| format!("PKCS11_FAULTS_MODULE: {}: {reason}", path.display()))?;
    socket::start()?;
    Ok(Real { functions })
}

fn load(path: &OsString) -> Result<&'static CK_FUNCTION_LIST, String> {
    // SAFETY: what it runs when loaded is the real module's affair, as it would be without this one. It is never unloaded, for
    // its functions are called until the process ends.
    let library: &'static Library = Box::leak(Box::new(unsafe { Library::new(path) }.map_err(|error| error.to_string())?));
    // SAFETY: PKCS#11 §5.4 says what a function of this name is.
    let entrance =
        unsafe { library.get::<CK_C_GetFunctionList>(b"C_GetFunctionList\0") }.map_err(|error| error.to_string())?;
    let entrance = entrance.ok_or("its C_GetFunctionList is null")?;
    let mut list = std::ptr::null_mut();
    // SAFETY: it writes a pointer to a list that stays as it is for as long as the library is loaded.
    let answer = unsafe { entrance(&raw mut list) };
    if answer != CKR_OK {
        return Err(format!("its C_GetFunctionList answers {answer:#x}"));
    }
    // SAFETY: as above; null is told apart.
    unsafe { list.as_ref() }.ok_or_else(|| "its function list is null".to_owned())
}

fn real() -> Option<&'static CK_FUNCTION_LIST> {
    REAL.get()?.as_ref().ok().map(|real| real.functions)
}

/// Does one call: as a rule orders, or as the real module would.
fn run(function: Function, subject: Subject, real: impl Fn() -> CK_RV, lie: impl Fn()) -> CK_RV {
    let Some(order) = STATE.called(function) else { return forward(subject, real) };
    match order.action {
        Action::Return(answer) => answer,
        Action::After(answer) => {
            forward(subject, real);
            answer
        }
        Action::Lie => {
            lie();
            CKR_OK
        }
        action => forward_around(action, order, subject, real),
    }
}

/// What reaches the real module all the same.
fn forward_around(action: Action, order: Order, subject: Subject, real: impl Fn() -> CK_RV) -> CK_RV {
    match action {
        Action::Delay(time) => std::thread::sleep(time),
        Action::Hang => STATE.hang(order),
        Action::Crash => crash(),
        Action::Logout => end_login(subject),
        Action::Close => end_session(subject),
        _ => {}
    }
    let answer = forward(subject, real);
    match action {
        Action::HangAfter => STATE.hang(order),
        Action::CrashAfter => crash(),
        _ => {}
    }
    answer
}

fn forward(subject: Subject, real: impl Fn() -> CK_RV) -> CK_RV {
    if let Subject::Slots(CK_TRUE, count) = subject
        && STATE.is_absent()
    {
        lie::none(count);
        return CKR_OK;
    }
    let names_a_token = !matches!(subject, Subject::Module | Subject::Slots(..) | Subject::Finalizing);
    let opens = matches!(subject, Subject::Opening(..));
    match STATE.enter(names_a_token, opens) {
        Err(Barred::Absent) => return CKR_TOKEN_NOT_PRESENT,
        Err(Barred::Full) => return CKR_SESSION_COUNT,
        Ok(()) => {}
    }
    let answer = real();
    let went_well = answer == CKR_OK;
    let opened = match subject {
        // SAFETY: the real module has just written the session's handle there.
        Subject::Opening(slot, session) if went_well => Some((unsafe { *session }, slot)),
        _ => None,
    };
    STATE.done(opens, opened);
    match subject {
        Subject::Closing(session) if went_well => STATE.closed(session),
        Subject::ClosingAll(slot) if went_well => STATE.closed_all(Some(slot)),
        Subject::Finalizing if went_well => STATE.closed_all(None),
        _ => {}
    }
    answer
}

/// SIGKILL: nothing is cleaned up, as when the power goes.
fn crash() -> ! {
    let _never_returns = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}

fn end_login(subject: Subject) {
    if let Subject::Session(session) | Subject::Closing(session) = subject
        && let Some(logout) = real().and_then(|real| real.C_Logout)
    {
        // SAFETY: a handle is a number; the real module checks it.
        unsafe { logout(session) };
    }
}

fn end_session(subject: Subject) {
    if let Subject::Session(session) | Subject::Closing(session) = subject
        && let Some(close) = real().and_then(|real| real.C_CloseSession)
    {
        // SAFETY: a handle is a number; the real module checks it.
        unsafe { close(session) };
        STATE.closed(session);
    }
}

/// Finalises the real module and initialises it anew. Nothing may be under way in it.
///
/// # Errors
/// Where it does not do either.
pub(crate) fn renew() -> Result<(), String> {
    let functions = real().and_then(|real| real.C_Finalize.zip(real.C_Initialize));
    let (finalize, initialize) = functions.ok_or("the module has not been loaded, or has neither function")?;
    let mut arguments = CK_C_INITIALIZE_ARGS {
        CreateMutex: None,
        DestroyMutex: None,
        LockMutex: None,
        UnlockMutex: None,
        flags: CKF_OS_LOCKING_OK,
        pReserved: std::ptr::null_mut(),
    };
    // SAFETY: the argument is reserved and null, as PKCS#11 §5.4 has it.
    let answer = unsafe { finalize(std::ptr::null_mut()) };
    if answer != CKR_OK {
        return Err(format!("C_Finalize answers {answer:#x}"));
    }
    STATE.closed_all(None);
    // SAFETY: the arguments outlive the call, which reads them; threads are the system's own.
    match unsafe { initialize((&raw mut arguments).cast()) } {
        CKR_OK => Ok(()),
        answer => Err(format!("C_Initialize answers {answer:#x}")),
    }
}

/// Closes every session on the real module, and so ends the login: as when the token is pulled.
pub(crate) fn close_all() {
    let Some(close) = real().and_then(|real| real.C_CloseAllSessions) else { return };
    for slot in STATE.slots_in_use() {
        // SAFETY: a slot id is a number; the real module checks it.
        unsafe { close(slot) };
        STATE.closed_all(Some(slot));
    }
}

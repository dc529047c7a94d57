/*
 * NSS's softoken learns where its database is from CK_C_INITIALIZE_ARGS.pReserved, and from nowhere else. This module is softoken
 * with that filled in from the environment: NSS_SOFTOKEN names it, NSS_PARAMETERS is what it is told.
 */
#include <dlfcn.h>
#include <stdlib.h>

typedef unsigned long CK_RV;

/* CK_FUNCTION_LIST of PKCS#11 v2.40: a version and 68 functions, of which the first is C_Initialize. */
struct function_list {
    unsigned char version[2];
    CK_RV (*initialize)(void *);
    void *others[67];
};

/* NSS's own: one pointer longer than the standard's. */
struct arguments {
    void *mutexes[4];
    unsigned long flags;
    const char *parameters;
    void *reserved;
};

static struct function_list list;
static CK_RV (*softoken_initialize)(void *);

static CK_RV initialize(void *ignored)
{
    struct arguments arguments = { .flags = 2 /* CKF_OS_LOCKING_OK */, .parameters = getenv("NSS_PARAMETERS") };
    (void)ignored;
    return softoken_initialize(&arguments);
}

CK_RV C_GetFunctionList(struct function_list **answer)
{
    void *softoken = dlopen(getenv("NSS_SOFTOKEN"), RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(struct function_list **) = softoken ? (CK_RV (*)(struct function_list **))dlsym(softoken, "C_GetFunctionList") : NULL;
    struct function_list *theirs;
    CK_RV rv = get ? get(&theirs) : 5 /* CKR_GENERAL_ERROR */;
    if (rv)
        return rv;
    list = *theirs;
    softoken_initialize = list.initialize;
    list.initialize = initialize;
    *answer = &list;
    return 0;
}

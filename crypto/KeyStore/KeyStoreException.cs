namespace Bft.Crypto.KeyStore;

/// <summary>What is wrong with a key store: for programs. The message of the exception is for people.</summary>
public enum KeyStoreError
{
    /// <summary>There is no such file.</summary>
    NotFound,

    /// <summary>The file is there but cannot be read (permissions, a directory, an input error).</summary>
    Unreadable,

    /// <summary>The file cannot be written (read-only directory, full disk, missing parent).</summary>
    Unwritable,

    /// <summary>A file of that name is there already and was not to be replaced.</summary>
    AlreadyExists,

    /// <summary>Not a key store, or one that was damaged: no JSON, a field missing, unknown or of the wrong form or length, a wrong checksum.</summary>
    Corrupted,

    /// <summary>A key store of a version this program does not know.</summary>
    UnknownVersion,

    /// <summary>Key derivation or cipher are unknown or out of the bounds of <see cref="KeyDerivationCost"/>; refused before any work was done.</summary>
    UnsupportedParameters,

    /// <summary>The passphrase does not open the file.</summary>
    WrongPassphrase,
}

/// <summary>A key store, or the mark beside it, could not be read, opened or written.</summary>
public sealed class KeyStoreException : Exception
{
    /// <summary>Makes the exception with a message that says what, where and what to do.</summary>
    public KeyStoreException(KeyStoreError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>What is wrong.</summary>
    public KeyStoreError Error { get; }
}

namespace Bft.Engine.SharedKeys;

/// <summary>What a member is blamed for.</summary>
public enum BlameReason : byte
{
    /// <summary>It announced no key in time, so it holds no share.</summary>
    NoAnnouncement = 1,

    /// <summary>It dealt nothing in time.</summary>
    NoDealing = 2,

    /// <summary>What it dealt breaks a rule: wrong degree, points that are none, wrong sizes.</summary>
    MalformedDealing = 3,

    /// <summary>In a resharing: it dealt something else than its share.</summary>
    OtherSecret = 4,

    /// <summary>It gave no verdict on the shares it received.</summary>
    NoVerdict = 5,

    /// <summary>More than f receivers accused it: one of them is honest.</summary>
    TooManyComplaints = 6,

    /// <summary>It did not answer an accusation in time.</summary>
    NoAnswer = 7,

    /// <summary>It answered with a share that does not fit its commitments.</summary>
    WrongAnswer = 8,

    /// <summary>It qualified, and extracted no commitments in time: its polynomial was rebuilt.</summary>
    NoExtraction = 9,

    /// <summary>Its extracted commitments break a rule of form.</summary>
    MalformedExtraction = 10,

    /// <summary>A share proves its extracted commitments false.</summary>
    WrongExtraction = 11,

    /// <summary>It gave no verdict on the extracted commitments.</summary>
    NoObjection = 12,

    /// <summary>It objected with a share that proves nothing.</summary>
    FalseObjection = 13,

    /// <summary>It revealed a share that does not fit.</summary>
    WrongReveal = 14,

    /// <summary>Its share came to nothing, or to that of another: only who saw to that can have such a share.</summary>
    VoidShare = 15,
}

/// <summary>Who is blamed, by name, and for what.</summary>
/// <param name="IsReceiver">Whether the place is among the receivers; else among the dealers. In a fresh generation both are the chain's committee.</param>
/// <param name="Place">From 0 on.</param>
/// <param name="Reason">For what.</param>
public readonly record struct Blame(bool IsReceiver, int Place, BlameReason Reason)
{
    /// <summary>The reason in words.</summary>
    public string Describe() => Reason switch
    {
        BlameReason.NoAnnouncement => "announced no key in time and holds no share",
        BlameReason.NoDealing => "dealt nothing in time",
        BlameReason.MalformedDealing => "dealt something malformed",
        BlameReason.OtherSecret => "dealt something else than its share",
        BlameReason.NoVerdict => "gave no verdict on its shares in time",
        BlameReason.TooManyComplaints => "dealt wrong shares: more than f receivers accused it",
        BlameReason.NoAnswer => "was accused and did not answer in time",
        BlameReason.WrongAnswer => "was accused and answered with a wrong share",
        BlameReason.NoExtraction => "published no commitments in time; its part was rebuilt",
        BlameReason.MalformedExtraction => "published malformed commitments; its part was rebuilt",
        BlameReason.WrongExtraction => "published false commitments; its part was rebuilt",
        BlameReason.NoObjection => "gave no verdict on the commitments in time",
        BlameReason.FalseObjection => "objected without a proof",
        BlameReason.WrongReveal => "revealed a wrong share",
        BlameReason.VoidShare => "had its own share come to nothing or to that of another",
        _ => "did something unknown",
    };
}
